"""What draws the pictures of the documents (`make pictures`).

`plots` draws with the commands that the documents show. The pictures of the console are taken in a browser, of a
product that runs (`ivr up`, with its own Asterisk) while callers call it over SIP. Only the week before these calls is
made up: `week` has its calls in the simulator, and records them as of other days.
"""
