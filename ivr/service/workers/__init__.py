"""The service's workers: processes that answer calls, and the crew chief that starts, watches and replaces them.

Arrows within this room: `chief` -> `process`, `merged`, `line` -> `messages`; `at_work` -> `line`. A worker imports
`at_work`, the chief's process everything else.
"""
