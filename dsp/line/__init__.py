"""What telephone lines and coders do to samples, and what is done against it.

The conformance tables damage whole recordings, a simulated call 20 ms at a time; both use the functions of `added`
(tones, hum and noise), `gaps` (what does not arrive), `losses` (the chance of that), `reflections` (echoes and rooms)
and `converters` (overload and G.711). They work on float samples at 8 kHz with full scale 1.0 and keep nothing
between two calls. What depends on time takes the places of the samples in the stream (0 is the first). What looks
back takes what is left of the samples before, and returns it for those that follow; a whole recording has silence
before it. What is left to chance takes the generator, which gives the same to a stream as to a recording.
"""
