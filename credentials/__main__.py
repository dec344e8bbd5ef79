"""`python -m credentials bench [URL...]`: what the store costs on this machine."""

import argparse

from credentials.bench import bench

parser = argparse.ArgumentParser(prog="python -m credentials", description="The credential store.")
commands = parser.add_subparsers(required=True, metavar="COMMAND")
bench_command = commands.add_parser("bench", help="measure hashes, and operations on SQLite and other databases")
bench_command.add_argument("url", nargs="*", help="an empty database to measure too (its contents are the bench's)")
bench_command.set_defaults(run=lambda arguments: bench(arguments.url))
arguments = parser.parse_args()
arguments.run(arguments)
