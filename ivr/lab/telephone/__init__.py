"""What our telephones for tests say: SIP messages (`sip`) and RTP packets (`rtp`). No sockets, and no time."""
