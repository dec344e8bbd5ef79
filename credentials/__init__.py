"""The shared credential store: lines, their numbers, temporary passwords and passwords.

Knows nothing of telephony or of the web. Start at `store.CredentialStore`; `model` has its values, `rules` its rules,
`errors` what it raises. Import each from its own module: a process that needs a value then loads no database.
"""
