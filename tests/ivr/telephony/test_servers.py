"""The shells on real sockets: peers that scan, stall, flood or vanish."""

from __future__ import annotations

import asyncio
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
import structlog

from ivr.telephony.audiosocket.codec import FRAME_BYTES, TERMINATE, audio_message, message
from ivr.telephony.audiosocket.inbox import FrameSent, KeySent
from ivr.telephony.audiosocket.pace import AHEAD_S
from ivr.telephony.audiosocket.server import AudioSocketLimits
from ivr.telephony.errors import CutMessageError, RemoteProtocolError
from ivr.telephony.fastagi.server import AgiChannel, AgiLimits, ChannelGone
from tests.ivr.telephony.servers import REQUEST, agi_server, audiosocket_server, closed, until


class TestFastAgi:
    async def test_commands_are_run_and_answered(self) -> None:
        seen: list[object] = []

        async def handler(channel: AgiChannel) -> None:
            seen.append(channel.request.variables["uniqueid"])
            seen.append(await channel.get_variable("CALLERID(num)"))
            seen.append(await channel.get_variable("NOTHING"))

        async with agi_server(handler) as connect:
            reader, writer = await connect()
            writer.write(REQUEST)
            assert await reader.readline() == b'GET VARIABLE "CALLERID(num)"\n'
            writer.write(b"200 result=1 (0312345678)\n")
            assert await reader.readline() == b'GET VARIABLE "NOTHING"\n'
            writer.write(b"200 result=0\n")
            assert await closed(reader)
            writer.close()
        assert seen == ["1", "0312345678", None]

    @pytest.mark.parametrize("end", [b"", b"511 Command Not Permitted on a dead channel or intercept routine\n"])
    async def test_a_caller_who_goes_away_is_told_to_the_handler(self, end: bytes) -> None:
        seen: list[object] = []

        async def handler(channel: AgiChannel) -> None:
            try:
                await channel.execute("ANSWER")
            except ChannelGone:
                seen.append(channel.hung_up or "closed")
                raise

        async with agi_server(handler) as connect:
            reader, writer = await connect()
            writer.write(REQUEST)
            await reader.readline()
            writer.write(end)
            if not end:
                writer.close()
            await until(lambda: seen)
            writer.close()
        assert seen == [True if end else "closed"]

    async def test_a_hangup_line_during_a_command_is_noted(self) -> None:
        seen: list[object] = []

        async def handler(channel: AgiChannel) -> None:
            seen.append((await channel.execute("EXEC", "x")).result)
            seen.append(channel.hung_up)

        async with agi_server(handler) as connect:
            reader, writer = await connect()
            writer.write(REQUEST)
            await reader.readline()
            writer.write(b"HANGUP\n200 result=-1\n")
            assert await closed(reader)
            writer.close()
        assert seen == ["-1", True]

    async def test_a_connection_that_ends_within_a_reply_is_logged_so_without_what_came_of_it(self) -> None:
        async def handler(channel: AgiChannel) -> None:
            await channel.execute("GET VARIABLE", "CALLERID(num)")

        with structlog.testing.capture_logs() as logs:
            async with agi_server(handler) as connect:
                reader, writer = await connect()
                writer.write(REQUEST)
                await reader.readline()
                writer.write(b"200 result=1 (24681357")
                writer.close()
                await until(lambda: logs)
        (line,) = logs
        assert (line["event"], line["log_level"]) == ("agi_connection_ended", "warning")
        assert "ended after 22 octets of a line" in line["reason"]
        assert "24681357" not in str(logs)

    @pytest.mark.parametrize(("came", "error"), [(REQUEST[:-1], CutMessageError), (b"", ConnectionResetError)])
    async def test_a_reset_within_a_message_is_told_as_that(self, came: bytes, error: type[Exception]) -> None:
        reader = asyncio.StreamReader()
        channel = AgiChannel(reader, AsyncMock(spec=asyncio.StreamWriter), AgiLimits())
        reader.feed_data(came)
        request = asyncio.create_task(channel.read_request())
        await asyncio.sleep(0)  # until it waits for more
        reader.set_exception(ConnectionResetError())
        with pytest.raises(error):
            await request

    async def test_a_reply_before_a_broken_one_in_the_same_chunk_is_given_to_the_handler(self) -> None:
        seen: list[object] = []

        async def handler(channel: AgiChannel) -> None:
            seen.append(await channel.get_variable("X"))
            try:
                await channel.execute("ANSWER")
            except RemoteProtocolError as error:
                seen.append(str(error))

        async with agi_server(handler) as connect:
            reader, writer = await connect()
            writer.write(REQUEST)
            await reader.readline()
            writer.write(b"200 result=1 (good)\n200 result=0\n")
            assert await closed(reader)
            writer.close()
        assert seen == ["good", "AGI: a line of 12 characters came that answers no command"]

    async def test_a_stranger_whose_request_is_cut_off_is_counted_as_that(self) -> None:
        async def handler(_channel: AgiChannel) -> None:
            pytest.fail("there was no request")

        with structlog.testing.capture_logs() as logs:
            async with agi_server(handler) as connect:
                _, writer = await connect()
                writer.write(REQUEST[:-1])
                writer.close()
                await until(lambda: logs)
        assert [line["reasons"] for line in logs] == [{"request cut off": 1}]

    async def test_a_peer_that_says_nothing_is_closed_in_time(self) -> None:
        async def handler(_channel: AgiChannel) -> None:
            pytest.fail("there was no request")

        async with agi_server(handler, AgiLimits(request_s=0.05)) as connect:
            reader, writer = await connect()
            assert await closed(reader)
            writer.close()

    async def test_a_command_without_a_reply_ends_in_time(self) -> None:
        seen: list[object] = []

        async def handler(channel: AgiChannel) -> None:
            try:
                await channel.execute("ANSWER", timeout_s=0.05)
            except TimeoutError:
                seen.append("late")
                raise

        async with agi_server(handler) as connect:
            reader, writer = await connect()
            writer.write(REQUEST)
            assert await closed(reader)
            writer.close()
        assert seen == ["late"]

    async def test_there_is_a_most_of_connections(self) -> None:
        release = asyncio.Event()

        async def handler(_channel: AgiChannel) -> None:
            await release.wait()

        async with agi_server(handler, AgiLimits(connections=1)) as connect:
            _, first = await connect()
            first.write(REQUEST)
            reader, second = await connect()
            second.write(REQUEST)
            assert await closed(reader)
            release.set()
            first.close()
            second.close()

    async def test_a_handler_that_fails_leaves_the_others_alone(self) -> None:
        async def handler(channel: AgiChannel) -> None:
            if await channel.get_variable("X") == "bad":
                raise RuntimeError("a fault of ours")
            await channel.execute("ANSWER")

        async with agi_server(handler) as connect:
            good_reader, good = await connect()
            good.write(REQUEST)
            await good_reader.readline()
            bad_reader, bad = await connect()
            bad.write(REQUEST)
            await bad_reader.readline()
            bad.write(b"200 result=1 (bad)\n")
            assert await closed(bad_reader)
            good.write(b"200 result=1 (good)\n")
            assert await good_reader.readline() == b"ANSWER\n"
            good.close()
            bad.close()


class TestAudioSocket:
    async def test_audio_and_keys_are_collected_in_their_order(self) -> None:
        async with audiosocket_server() as (connections, connect):
            _, writer = await connect()
            writer.write(message(0x01, uuid4().bytes) + audio_message(b"\1\0" * 160) + message(0x03, b"5"))
            writer.write(audio_message(b"\2\0" * 160))
            taken: list[object] = []

            def all_taken() -> bool:
                now = asyncio.get_running_loop().time()
                while connections and (item := connections[0].take(now)) is not None:
                    taken.append(item)
                return len(taken) == 3

            await until(all_taken)
            assert taken == [FrameSent(b"\1\0" * 160), KeySent("5"), FrameSent(b"\2\0" * 160)]
            (connection,) = connections
            writer.close()
            await until(lambda: connection.ended)
            assert connection.broken is None

    async def test_a_connection_that_ends_within_a_message_is_broken_and_logged_so(self) -> None:
        with structlog.testing.capture_logs() as logs:
            async with audiosocket_server() as (connections, connect):
                _, writer = await connect()
                writer.write(message(0x01, uuid4().bytes) + message(0x03, b"5") + audio_message(bytes(320))[:100])
                writer.close()
                await until(lambda: connections and connections[0].ended)
        (connection,) = connections
        assert connection.take(asyncio.get_running_loop().time()) == KeySent("5")
        assert connection.broken is not None
        assert "ended after 100 of 323 octets of a message of kind 0x10" in connection.broken
        assert [(line["event"], line["reason"]) for line in logs] == [("audiosocket_closed", connection.broken)]

    async def test_a_key_before_a_broken_message_in_the_same_chunk_counts(self) -> None:
        async with audiosocket_server() as (connections, connect):
            _, writer = await connect()
            writer.write(message(0x01, uuid4().bytes) + message(0x03, b"5") + message(0x77))
            await until(lambda: connections and connections[0].ended)
            assert connections[0].take(asyncio.get_running_loop().time()) == KeySent("5")
            assert connections[0].broken is not None
            assert "0x77" in connections[0].broken
            writer.close()

    async def test_frames_are_sent_and_the_stream_terminated(self) -> None:
        async with audiosocket_server() as (connections, connect):
            reader, writer = await connect()
            writer.write(message(0x01, uuid4().bytes))
            await until(lambda: connections)
            connections[0].send(bytes(FRAME_BYTES))
            connections[0].terminate()
            assert await reader.read() == audio_message(bytes(FRAME_BYTES)) + TERMINATE
            writer.close()

    @pytest.mark.parametrize(
        "sent",
        [
            b"GET / HTTP/1.0\r\n\r\n",
            message(0x01, bytes(16)) + b"\x77\0\0",
            message(0x01, bytes(16)) + message(0xFF, b"\2"),
            message(0x01, bytes(16)) + audio_message(bytes(FRAME_BYTES)) * round(2 * AHEAD_S / 0.02),
        ],
        ids=["no AudioSocket", "unknown kind", "error of Asterisk", "a flood"],
    )
    async def test_a_peer_that_misbehaves_is_closed(self, sent: bytes) -> None:
        async with audiosocket_server() as (_, connect):
            reader, writer = await connect()
            writer.write(sent)
            assert await closed(reader)
            writer.close()

    async def test_a_uuid_of_no_call_is_closed(self) -> None:
        async with audiosocket_server(known=False) as (connections, connect):
            reader, writer = await connect()
            writer.write(message(0x01, uuid4().bytes))
            assert await closed(reader)
            assert connections[0].broken == "no call of ours has this UUID"
            writer.close()

    async def test_a_peer_that_says_nothing_is_closed_in_time(self) -> None:
        async with audiosocket_server(AudioSocketLimits(identify_s=0.05)) as (_, connect):
            reader, writer = await connect()
            assert await closed(reader)
            writer.close()

    async def test_a_peer_that_does_not_read_is_closed(self) -> None:
        async with audiosocket_server() as (connections, connect):
            _, writer = await connect()
            writer.write(message(0x01, uuid4().bytes))
            await until(lambda: connections)

            def send_until_broken() -> bool:
                for _ in range(1000):
                    connections[0].send(bytes(FRAME_BYTES))
                return connections[0].ended

            await until(send_until_broken)
            assert connections[0].broken == "the peer does not read"
            writer.close()

    async def test_there_is_a_most_of_connections(self) -> None:
        async with audiosocket_server(AudioSocketLimits(connections=1)) as (connections, connect):
            _, first = await connect()
            first.write(message(0x01, uuid4().bytes))
            await until(lambda: connections)
            reader, second = await connect()
            second.write(message(0x01, uuid4().bytes))
            assert await closed(reader)
            first.close()
            second.close()
