"""Mail: the rules of an address, an outbox in the store's database, a sender, and a mailbox for trying it out.

Whoever mails writes a row of the outbox in the very transaction that makes the mail due: neither can exist without the
other. Senders take the rows from there, over SMTP.
"""
