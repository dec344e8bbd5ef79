"""From the steps of a call to its one verdict: `judging` is pure, `open_calls` keeps the calls that are going on."""
