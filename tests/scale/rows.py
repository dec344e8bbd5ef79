"""The rows of a store in the shape that a carrier's has, as statements that make them.

`:name:` stands for a figure (`tests.scale.filling`). What looks like chance follows from a row's place, so that a store
of one size is always the same.
"""
# ruff: noqa: S608 - all that is put into these statements stands in this file

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rows:
    """Rows of one table.

    Attributes:
        counted_by: the figure that says how many there are.
        sql: inserts those of the places from `:begin:` to `:end:`.
        every: of how many places one has a row.
    """

    counted_by: str
    sql: str
    every: int = 1


_PLACES: Final = "generate_series(:begin:::bigint, :end:::bigint) AS i"
_NUMBER: Final = "'03' || lpad((i)::text, 8, '0')"
_CONTRACT: Final = """'03' || lpad((CASE
    WHEN i < :office: THEN 0 WHEN i % 10 = 6 THEN i - 1 WHEN i % 10 IN (8, 9) THEN i - i % 10 + 7 ELSE i
END)::text, 8, '0')"""
_SPREAD: Final = "((i * 7919) % :numbers:)"
"""A place among the numbers that goes through all of them, in no order."""
_ANY: Final = f"'03' || lpad({_SPREAD}::text, 8, '0')"
_ID: Final = "md5('{}' || i)"
_HASH: Final = "'$argon2id$v=19$m=19456,t=2,p=1$' || md5('salt' || i) || '$' || md5('hash' || i)"
_LETTERS: Final = "substr(translate(md5('{0}' || i), '0123456789aeiou', 'bcdfghjklmnpqrs'), 1, {1})"

NUMBERS: Final[Mapping[str, Rows]] = {
    "lines": Rows(
        "numbers",
        f"""INSERT INTO lines (contract_number, language, unit)
        SELECT {_NUMBER}, CASE WHEN i % 20 = 3 THEN 'en' ELSE 'ja' END,
            CASE WHEN i % 11 = 10 THEN NULL WHEN i % 10 = 5 THEN 'NUMBER' WHEN i = 0 OR i % 10 = 7 THEN 'ADMIN_USER'
            ELSE 'LINE' END
        FROM {_PLACES} WHERE {_NUMBER} = {_CONTRACT}""",
    ),
    "numbers": Rows(
        "numbers", f"INSERT INTO numbers (number, contract_number) SELECT {_NUMBER}, {_CONTRACT} FROM {_PLACES}"
    ),
    "passwords": Rows(
        "numbers",
        f"""INSERT INTO passwords SELECT {_NUMBER}, {_ID.format("p")}, {_HASH}, ':key:', (i % 50 = 0)::int,
            now() - (i % 60) * interval '1 day', now() + (60 - i % 60) * interval '1 day'
        FROM {_PLACES} WHERE i % 5 < 3""",
    ),
    "temporary passwords": Rows(
        "numbers",
        f"""INSERT INTO temporary_passwords SELECT {_NUMBER}, {_ID.format("t")}, 'LINE', {_HASH}, ':key:',
            CASE WHEN i % 90 = 4 THEN 3 ELSE 0 END, now() - (i % 40) * interval '1 hour',
            now() - (i % 40) * interval '1 hour' + interval '24 hours', {_NUMBER}, {_ID.format("c")}
        FROM {_PLACES} WHERE i % 30 = 4""",
    ),
    "sessions": Rows(
        "numbers",
        f"""INSERT INTO sessions (id_digest, name, number, must_change, credential_id, started_at, used_at,
            completed_at, ended_at, end_reason)
        SELECT {_ID.format("s")} || md5(i::text), substr({_ID.format("n")}, 1, 16), {_NUMBER}, NULL,
            {_ID.format("p")}, now() - at, now() - at, now() - at, CASE WHEN i % 40 = 1 THEN now() - at END,
            CASE WHEN i % 40 = 1 THEN 'LOGGED_OUT' END
        FROM (SELECT i, (i % 2000) * interval '1 minute' AS at FROM {_PLACES}) AS i WHERE i % 20 = 1""",
    ),
    "choices": Rows(
        "numbers",
        f"""INSERT INTO one_time_choices SELECT {_NUMBER}, {_ID.format("v")}, true, 'u' || i || '@example.jp', NULL,
            'User' || i, {_HASH}, ':key:', 0, now() - (i % 300) * interval '1 day'
        FROM {_PLACES} WHERE i % 5 < 2""",
    ),
    "links": Rows(
        "numbers",
        f"""INSERT INTO address_links (number, digest, address, made_at, expires_at)
        SELECT {_NUMBER}, {_ID.format("l")}, 'u' || i || '@example.jp', now(), now() + interval '24 hours'
        FROM {_PLACES} WHERE i % 200 = 3""",
    ),
    "codes": Rows(
        "numbers",
        f"""INSERT INTO one_time_codes SELECT {_ID.format("o")}, {_NUMBER}, 'ab', {_ID.format("d")}, ':key:', 0,
            now(), now() + interval '300 s' FROM {_PLACES} WHERE i % 1000 = 5""",
    ),
    "counted calls": Rows(
        "numbers",
        f"""INSERT INTO counted_calls (contract_number, outcome, call_id, at, number)
        SELECT {_CONTRACT}, 'SET', substr({_ID.format("k")}, 1, 12), now() - (i % 59) * interval '1 minute', {_NUMBER}
        FROM {_PLACES} WHERE i % 100 = 5""",
    ),
    "wrong tries": Rows(
        "numbers",
        f"""INSERT INTO wrong_tries SELECT {_ID.format("w")}, '192.0.2.' || i % 250, {_NUMBER},
            now() - (i % 900) * interval '1 s' FROM {_PLACES} WHERE i % 1000 = 7""",
    ),
    "notice settings": Rows(
        "numbers",
        f"""INSERT INTO notice_settings SELECT {_NUMBER}, true, false, i % 3 = 0, i % 20 = 0, {_ID.format("e")}, now()
        FROM {_PLACES} WHERE i % 10 < 3""",
    ),
    "notice addresses": Rows(
        "numbers",
        f"""INSERT INTO notice_addresses SELECT {_NUMBER}, 1, 'u' || i || '@example.jp', true, now() - interval '9 day',
            CASE WHEN i % 5000 = 0 THEN now() END FROM {_PLACES} WHERE i % 10 < 3""",
    ),
    "listed numbers": Rows(
        "numbers",
        f"""INSERT INTO notice_listed_numbers SELECT {_NUMBER}, place, '0311112222', 'a friend', true
        FROM {_PLACES}, generate_series(1, 3) AS place WHERE i % 10 = 0""",
    ),
}
"""What belongs to numbers."""

RECORDS: Final[Mapping[str, Rows]] = {
    "audit": Rows(
        "audit",
        # After the record of the store's key: the arrival of each number, a year ago; then what was done in the year.
        f"""INSERT INTO audit SELECT i + 2,
            now() - interval '400 days' + (i::float8 / :audit:) * interval '400 days' - interval '1 minute',
            CASE WHEN i < :numbers: THEN 'NUMBER_ADDED' ELSE (ARRAY['LOGIN', 'LOGIN', 'LOGIN', 'LOGIN',
                'TEMPORARY_PASSWORD_SET', 'ONE_TIME_CODE_SENT', 'ONE_TIME_CODE_PROOF', 'PASSWORD_PROOF',
                'PASSWORD_CHANGED', 'CALL_FAILED'])[1 + i % 10] END,
            CASE WHEN i < :numbers: THEN 'operator' ELSE {_ANY} END,
            CASE WHEN i < :numbers: THEN '' ELSE 'session ' || substr(md5(i::text), 1, 16) END, {_ANY},
            CASE WHEN i < :numbers: THEN 'to line' WHEN i % 10 = 3 THEN 'WRONG, password'
                ELSE 'ACCEPTED, password' END,
            md5(i::text) || md5('d' || i), ':key:', md5('m' || i) || md5('a' || i)
        FROM {_PLACES}""",
    ),
    "calls": Rows(
        "calls",
        # Over 90 days, and a bit more: some are old enough to be forgotten. The last two hundred are in progress.
        f"""INSERT INTO calls (call_id, service_id, channel_id, trunk, began_at, ended_at, caller, language, unit,
            target, step, outcome, reason, wrong_entries, silences, keys, missed, hangup_cause, hangup_text,
            rtp_lost_percent, rtp_jitter_ms, rtp_rtt_ms)
        SELECT substr({_ID.format("call")}, 1, 16),
            CASE WHEN i >= :calls: - 200 THEN 'live' ELSE 'service-' || i * 50 / :calls: END,
            '1790000000.' || i, 'trunk-' || i % 6, began_at, began_at + interval '55 s', {_ANY}, 'ja', 'LINE', {_ANY},
            'done', outcome, CASE outcome WHEN 'set' THEN 'set' ELSE 'why' END, (i % 17 = 0)::int, (i % 29 = 0)::int,
            18, i % 2, 16, 'Normal Clearing', 0.0, 1.5, 20.0
        FROM (SELECT i, now() - interval '91 days' + (i::float8 / :calls:) * interval '91 days' AS began_at,
            CASE WHEN i >= :calls: - 200 THEN NULL WHEN i % 100 < 78 THEN 'set' WHEN i % 100 < 88 THEN 'abandoned'
            WHEN i % 100 < 94 THEN 'refused' WHEN i % 100 < 99 THEN 'failed' WHEN i % 100000 = 99 THEN 'lost'
            ELSE 'abandoned' END AS outcome FROM {_PLACES}) AS i""",
    ),
    "services": Rows(
        "calls",
        """INSERT INTO services SELECT CASE WHEN i = 50 THEN 'live' ELSE 'service-' || i END, 'host-' || i % 4, i,
            now() - interval '1 day', now() + interval '1 day' * (i = 50)::int,
            CASE WHEN i < 50 THEN now() - interval '1 hour' END, '{}'
        FROM generate_series(0, 50) AS i WHERE :begin: = 0""",
    ),
    "entries": Rows(
        "entries",
        f"""INSERT INTO call_entries SELECT substr(md5('call' || (:calls: - 1 - i / 25)), 1, 16), i % 25, i % 25 * 2.0,
            (ARRAY['said', 'key', 'key', 'judged', 'missed', 'key'])[1 + i % 6],
            '{{"source": "in-band", "failed": null, "text": "enter", "figures": {{"level_dbm0": -12.5, "twist_db": 1.5,'
            || ' "snr_db": 31.0}}}}'
        FROM {_PLACES} WHERE i / 25 < :calls:""",
    ),
    "letters": Rows(
        "letters",
        # Half of those that count are notices. One in a hundred was refused, and 20,000 at most wait.
        f"""INSERT INTO mail_letters (letter_id, once, purpose, address, counted_as, number, client, created_at,
            useful_until, state, due_at, tries, ended_at, reason, reply, key_id, sealed)
        SELECT {_LETTERS.format("x", 24)} || i, 'notice ' || i, CASE WHEN i % 4 = 0 THEN 'code' ELSE 'notice' END,
            'u' || {_SPREAD} || '@example.jp', 'u' || {_SPREAD} || '@example.jp', {_ANY},
            CASE WHEN i % 4 = 0 THEN '192.0.2.' || i % 250 ELSE '' END, at, at + interval '1 day', state, at, 1,
            CASE WHEN state <> 'waiting' THEN at END, CASE WHEN state = 'refused' THEN 'other' ELSE '' END, '',
            ':key:', CASE WHEN state = 'waiting' THEN '\\x00'::bytea END
        FROM (SELECT i, now() - interval '31 days' + (i::float8 / :letters:) * interval '31 days' AS at,
            CASE WHEN i >= :letters: - least(20000, :letters: / 20) THEN 'waiting' WHEN i % 100 = 1 THEN 'refused'
            ELSE 'taken' END AS state FROM {_PLACES}) AS i""",
    ),
    "verdicts": Rows(
        "verdicts",
        f"""INSERT INTO notice_calls SELECT {_LETTERS.format("y", 15)} || i, '1790000000.' || i, {_ANY},
            '090' || lpad((i * 104729 % 100000000)::text, 8, '0'), NULL, at, 12000, 'not_answered', NULL,
            CASE WHEN i >= :verdicts: - 50 THEN 'waits' WHEN i % 3 = 0
            THEN 'mailed' ELSE 'not_chosen' END, at, CASE WHEN i >= :verdicts: - 50 THEN now() END
        FROM (SELECT i, now() - interval '31 days' + (i::float8 / :verdicts:) * interval '31 days' AS at
            FROM {_PLACES}) AS i""",
    ),
    "mails": Rows(
        "letters",
        f"""INSERT INTO notice_mails SELECT {_LETTERS.format("y", 15)} || i, 'u' || {_SPREAD} || '@example.jp', {_ANY},
            {_LETTERS.format("x", 24)} || i, i % 200 = 1 FROM {_PLACES}
        WHERE i % 4 <> 0 AND i < :verdicts:""",
    ),
    "head": Rows(
        "audit",
        "UPDATE audit_head SET position = :audit: + 1, digest = md5((:audit: - 1)::text) || md5('d' || (:audit: - 1))"
        " WHERE :begin: = 0",
    ),
}
"""What was recorded."""
