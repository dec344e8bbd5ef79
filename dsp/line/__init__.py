"""Damages samples as telephone lines and coders do, and repairs them.

The conformance tables damage whole recordings; a simulated call is damaged 20 ms at a time. Both use the functions of
`added` (tones, hum and noise), `gaps` (what does not arrive), `losses` (the chance of that), `reflections` (echoes and
rooms) and `converters` (overload and G.711). These work on float samples at 8 kHz with full scale 1.0 (G.711 on int16),
and no function keeps anything between two calls; only `Losses` remembers its burst. A function that depends on time
takes the places of the samples in the stream (0 is the first). A function that looks back takes what is left of the
samples before, and returns it for those that follow; silence precedes a whole recording. A function that depends on
chance takes the random generator, which gives the same values for a stream as for a recording.
"""
