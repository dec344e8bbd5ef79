"""The history of the tables in `ivr.records.schema`, step by step."""
