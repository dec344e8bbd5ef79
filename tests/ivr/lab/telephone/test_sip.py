"""SIP messages of our telephones where a proxy stands between telephone and exchange (RFC 3261, 12 and 16)."""

from __future__ import annotations

from ivr.lab.telephone.sip import Message, Requests, consent

ANSWER = """SIP/2.0 200 OK
Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKa
Record-Route: <sip:10.0.0.2;lr>, <sip:10.0.0.1;lr;x=1>
Record-Route: <sip:10.0.0.8;lr>
From: <sip:0312345678@10.0.0.9>;tag=phone
To: <sip:0363044747@10.0.0.8>;tag=exchange
Contact: <sip:there@10.0.0.3:5060>

"""
BYE = """BYE sip:telephone@10.0.0.9 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.8;branch=z9hG4bKb
Via: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKc
From: <sip:0363044747@10.0.0.8>;tag=exchange
To: <sip:0312345678@10.0.0.9>;tag=phone
Call-ID: 1
CSeq: 7 BYE

"""


def message(text: str) -> Message:
    return Message.parse(text.replace("\n", "\r\n").encode())


def requests() -> Requests:
    return Requests(
        here=("10.0.0.9", 5060), uri="sip:0363044747@10.0.0.8", caller="<sip:a@b>", to="<sip:c@d>", call_id="1"
    )


def lines(data: bytes, name: str) -> list[str]:
    return [line.removeprefix(f"{name}: ") for line in data.decode().split("\r\n") if line.startswith(f"{name}: ")]


def test_the_requests_after_an_answer_take_the_proxies_in_the_order_from_here() -> None:
    written = requests()
    assert lines(written.write("INVITE", 1), "Route") == []
    written.take_contact(message(ANSWER))
    bye = written.write("BYE", 2)
    assert bye.startswith(b"BYE sip:there@10.0.0.3:5060 SIP/2.0\r\n")
    assert lines(bye, "Route") == ["<sip:10.0.0.8;lr>", "<sip:10.0.0.1;lr;x=1>", "<sip:10.0.0.2;lr>"]


def test_without_proxies_there_are_no_routes() -> None:
    written = requests()
    written.take_contact(message("\n".join(line for line in ANSWER.split("\n") if "Record" not in line)))
    assert lines(written.write("BYE", 2), "Route") == []


def test_a_response_goes_back_the_whole_way_that_the_request_came() -> None:
    assert lines(consent(message(BYE)), "Via") == [
        "SIP/2.0/UDP 10.0.0.8;branch=z9hG4bKb",
        "SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKc",
    ]
