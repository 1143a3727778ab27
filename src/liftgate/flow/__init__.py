"""One file per verb: composes the layers below; no arithmetic and no I/O of its own."""
