"""Measures what the site's pages take, beside bare Starlette pages in the same run: `python -m portal.bench [URL]`.

The bare pages render the same templates with the same contexts, and do nothing else: no session, no rights, no store,
no guard. There are two servers of them. One asks no database; the other makes one SELECT a page, of the row of the
page's session by its primary key, over a pool as large as the site's. 50 subscribers, each with a login of their own,
click through the pages that need no hash. Each asks all servers for the same page in turn, at the same pace, so all
meet the same machine at the same moment. Then the same people click as fast as they can, at the site and one of the
others, and last the memory of the site is read before and after thousands of pages.
"""
