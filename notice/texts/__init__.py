"""The texts of the mails: one catalogue for each language, all with the same keys."""
