"""The process that reads a journal and puts mails into the outbox: `reader` step by step, `serving` until stopped."""
