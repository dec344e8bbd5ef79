"""The shared credential store: lines, their numbers, temporary passwords and passwords.

This package knows nothing of telephony or of the web. Start at `store.CredentialStore`; `model` has its values, `rules`
its rules, and `errors` the errors that it raises. Import each from its own module: a process that needs only a value
then loads no database.
"""
