"""Registries of models: one file each, behind the door of ``protocols.registries``."""
