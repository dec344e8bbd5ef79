"""The way of a load's calls through an Asterisk, by SIP and RTP.

`user_agent` is the signalling and does no I/O. `many_packets` sends and takes many packets in one system call,
`streams` is the audio of all calls, and `sip_trunk` brings them together.
"""
