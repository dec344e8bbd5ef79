"""How large a house must be: what a host's work costs is measured here, and a model says what many hosts carry.

`measuring` runs the real parts with a PostgreSQL of their own: `calls`, `logins`, `notices` and `trail` each measure
one kind of work. `figures` is what they found, as a file. `model` computes from it, without any measuring, what hosts
and a database carry and what gives way first, and `page` writes that down.
"""
