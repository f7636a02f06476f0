-- What the service keeps. {id} and {bytes} stand for what SQLite and PostgreSQL
-- call differently, {ascii} for the letters that lower changes. Times are milliseconds since 1970, 0 for never.

CREATE TABLE submissions (
    id       {id},
    identity TEXT    NOT NULL,
    selector TEXT    NOT NULL,
    key      TEXT    NOT NULL, -- fingerprint
    kind     TEXT    NOT NULL, -- receive, reflect, notice
    client   TEXT    NOT NULL, -- hash of the address
    thread   TEXT    NOT NULL, -- message-id of its root, '' for none
    received BIGINT  NOT NULL,
    state    TEXT    NOT NULL, -- queued, claimed, done
    owner    TEXT    NOT NULL DEFAULT '',
    lease    BIGINT  NOT NULL DEFAULT 0, -- until when it is the owner's
    due      BIGINT  NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0  -- claims so far; the last one's number fences the others off
);
CREATE INDEX submissions_due ON submissions (due, id) WHERE state <> 'done';
CREATE INDEX submissions_thread ON submissions (identity, thread, id);
CREATE INDEX submissions_received ON submissions (received);

CREATE TABLE messages (
    id         {id},
    submission BIGINT  NOT NULL REFERENCES submissions (id),
    position   INTEGER NOT NULL,
    message_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    raw        {bytes} NOT NULL, -- as accepted
    relayed    {bytes} NOT NULL, -- as it leaves
    envelope   TEXT    NOT NULL, -- sender
    body_hash  TEXT    NOT NULL,
    feed       TEXT    NOT NULL, -- none, due, done
    fed_as     TEXT    NOT NULL DEFAULT '', -- commit
    UNIQUE (submission, position)
);

CREATE TABLE deliveries (
    message   BIGINT  NOT NULL REFERENCES messages (id),
    recipient TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    state     TEXT    NOT NULL, -- pending, in-flight, accepted, refused, deferred, unknown
    step      TEXT    NOT NULL DEFAULT '',
    code      INTEGER NOT NULL DEFAULT 0,
    reply     TEXT    NOT NULL DEFAULT '',
    at        BIGINT  NOT NULL DEFAULT 0,
    attempt   INTEGER NOT NULL DEFAULT 0, -- the claim under which it departed
    PRIMARY KEY (message, recipient)
);
CREATE INDEX deliveries_unsettled ON deliveries (state) WHERE state IN ('unknown', 'in-flight');

-- For good: what was accepted once is never mailed again.
CREATE TABLE seen (
    identity   TEXT   NOT NULL,
    message_id TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    body_hash  TEXT   NOT NULL,
    message    BIGINT NOT NULL,
    PRIMARY KEY (identity, message_id, kind)
);

CREATE TABLE keys (
    id          {id},
    identity    TEXT    NOT NULL,
    selector    TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    algorithm   TEXT    NOT NULL,
    public      {bytes} NOT NULL,
    state       TEXT    NOT NULL, -- pending, waiting, active, revoked
    created     BIGINT  NOT NULL,
    active_from BIGINT  NOT NULL DEFAULT 0,
    revoked     BIGINT  NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0, -- wrong answers to its challenges
    stop_hash   TEXT    NOT NULL DEFAULT '', -- of what stops it while it waits
    UNIQUE (identity, selector, fingerprint)
);
CREATE UNIQUE INDEX keys_enrolled ON keys (identity, selector) WHERE state IN ('waiting', 'active');
CREATE INDEX keys_stop ON keys (stop_hash) WHERE stop_hash <> '';

CREATE TABLE challenges (
    key     BIGINT NOT NULL REFERENCES keys (id),
    hash    TEXT   NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (key, hash)
);

CREATE TABLE nonces (
    identity TEXT   NOT NULL,
    nonce    TEXT   NOT NULL,
    expires  BIGINT NOT NULL,
    PRIMARY KEY (identity, nonce)
);

CREATE TABLE counters (
    scope   TEXT   NOT NULL, -- what is counted, and for whom
    expires BIGINT NOT NULL, -- the end of the hour or day that is counted
    n       BIGINT NOT NULL,
    PRIMARY KEY (scope, expires)
);

-- Requests that are being worked on: nobody may be told yet that their messages
-- never came.
CREATE TABLE underway (
    id       {id},
    identity TEXT   NOT NULL,
    expires  BIGINT NOT NULL
);
CREATE INDEX underway_identity ON underway (identity);

CREATE TABLE secrets (
    name  TEXT    PRIMARY KEY,
    value {bytes} NOT NULL
);
