"""The pages of a workspace, ``liftgate ui``: how they are made, and how to add one.

One module of this package for each area; ``app`` lists the modules. A module has

    def routes(site: Site) -> list[Route]:
        return pages(site, Page("/studies", "ui/studies.html.j2", studies, title="Studies"))

and a view for each page, ``studies(site, asked) -> dict``. What holds for all of them:

- *A view returns a plain dict* of JSON values, computed by a function in ``flow/*_view.py``. The
  template prints this dict and computes nothing; ``pages`` serves the same dict at the page's
  address with ``.json`` (``/studies.json``), so page and twin cannot differ.
- *All state is in the address.* A path is fixed; what varies (a study's name, an entry's number, a
  filter) is in the query, for names hold any character. ``asked`` are Starlette's query
  parameters. Links are made by ``urlencode`` in ``flow`` or the filter ``urlencode``.
- *Templates* lie in ``web/templates/ui``, extend ``ui/frame.html.j2`` and fill ``title``, ``lead``
  (the lines under the title) and ``main``. They know ``view``, ``twin`` (the JSON's address),
  ``query``, ``role``, ``form_token`` and ``there``, the addresses that have a page: link to another
  module's page only ``{% if "/trace" in there %}``. Everything is escaped; figures are the
  exception, by the filter ``svg``. No ``style=``, no ``on…=``, no inline script: the policy refuses
  them.
- *Everything is read without JavaScript*: links and GET forms. htmx makes it quicker where that
  helps: ``hx-get`` of a whole page, of which ``hx-select`` takes the part that changes; no endpoint
  of its own. Attributes that evaluate text (``hx-on``, ``hx-vals='js:'``, filters of triggers) do
  not work, on purpose. Keys are in ``static/ui.js``: a link with ``data-key`` gets a letter.
- *What changes something* is a POST route of ``routes``, made by ``acting``: it checks the origin,
  the form token (``form_token`` as a hidden field or header) and the role before the act is run.
  Keys never come to the server: what must be signed is signed by the person's own command.
- *At most 100 rows and 300 kB a page*, first byte within 300 ms with 1,000 studies: ``site.index``
  knows every study without reading the ledger again.
- The navigation is ``shell.NAV``; a title appears as soon as a module has a page at its address.
- Errors are raised as ``liftgate.errors``: UnknownName is 404, DataError 400, NotAllowed 403.
"""

from __future__ import annotations
