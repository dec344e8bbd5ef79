"""The sides of the store that call notices add: of subscribers, of the journal's reader, of operators."""
