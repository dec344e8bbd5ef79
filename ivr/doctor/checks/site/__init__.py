"""Checks of the settings site and the mails: certificate, mail server, outbox, and the sender's domain."""
