"""The mailbox for trying it out: receives mails on this machine and shows them on a page. No part of the site.

It keeps the latest mails in memory, and listens on loopback only.
"""

from mail.mailbox.serving import HOST, make_mailbox, run_mailbox

__all__ = ["HOST", "make_mailbox", "run_mailbox"]
