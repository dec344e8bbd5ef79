"""Everything that watches a service: its vitals in metrics, health pages and log; the link to Asterisk's manager."""
