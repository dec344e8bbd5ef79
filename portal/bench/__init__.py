"""Measures what the site's pages take, beside bare Starlette pages in the same run: `python -m portal.bench [URL]`.

The bare pages render the same templates with the same contexts, and do nothing else: no session, no rights, no store,
no guard. 50 subscribers, each with a login of their own, click through the pages that need no hash. Each asks the site
for a page and the bare server for the same page in turn, at the same pace, so both meet the same machine at the same
moment. Then the same people click as fast as they can, and last the memory of the site is read before and after
thousands of pages.
"""
