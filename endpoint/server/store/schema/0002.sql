-- One identity, whatever the case of its letters: rows are in lower case from
-- here on. Where several spellings had rows, they become those of one identity.

-- Whoever was asked under one of several spellings is asked again.
DELETE FROM challenges WHERE key IN (
    SELECT k.id FROM keys k JOIN keys o ON lower(o.identity{ascii}) = lower(k.identity{ascii}) AND o.identity <> k.identity);

-- A key that was revoked never counts again.
UPDATE keys
SET revoked = (SELECT max(r.revoked) FROM keys r WHERE r.state = 'revoked' AND r.fingerprint = keys.fingerprint AND lower(r.identity{ascii}) = lower(keys.identity{ascii})),
    state = 'revoked'
WHERE state IN ('waiting', 'active') AND EXISTS (
    SELECT 1 FROM keys r WHERE r.state = 'revoked' AND r.fingerprint = keys.fingerprint AND lower(r.identity{ascii}) = lower(keys.identity{ascii}));

-- One that passed for the first by its spelling waits as a further one does by
-- the standard: three days.
UPDATE keys SET state = 'waiting', active_from = active_from + 259200000
WHERE state = 'active' AND EXISTS (
    SELECT 1 FROM keys o WHERE o.state IN ('waiting', 'active') AND lower(o.identity{ascii}) = lower(keys.identity{ascii}) AND o.identity <> keys.identity
        AND o.active_from < keys.active_from);

-- Of the rows for one key that which has come furthest stays.
DELETE FROM keys WHERE EXISTS (
    SELECT 1 FROM keys o WHERE o.selector = keys.selector AND o.fingerprint = keys.fingerprint AND lower(o.identity{ascii}) = lower(keys.identity{ascii})
        AND (CASE o.state WHEN 'revoked' THEN 0 WHEN 'active' THEN 1 WHEN 'waiting' THEN 2 ELSE 3 END, o.id)
          < (CASE keys.state WHEN 'revoked' THEN 0 WHEN 'active' THEN 1 WHEN 'waiting' THEN 2 ELSE 3 END, keys.id));

-- Of several keys with one selector the first stays; the others can be enrolled
-- anew.
UPDATE keys SET state = 'pending', active_from = 0, stop_hash = ''
WHERE state IN ('waiting', 'active') AND EXISTS (
    SELECT 1 FROM keys o WHERE o.state IN ('waiting', 'active') AND o.selector = keys.selector AND lower(o.identity{ascii}) = lower(keys.identity{ascii})
        AND (o.active_from, o.id) < (keys.active_from, keys.id));

DELETE FROM seen WHERE EXISTS (
    SELECT 1 FROM seen o WHERE o.message_id = seen.message_id AND o.kind = seen.kind AND lower(o.identity{ascii}) = lower(seen.identity{ascii})
        AND o.message < seen.message);
DELETE FROM nonces WHERE EXISTS (
    SELECT 1 FROM nonces o WHERE o.nonce = nonces.nonce AND lower(o.identity{ascii}) = lower(nonces.identity{ascii}) AND o.identity < nonces.identity);

UPDATE keys SET identity = lower(identity{ascii});
UPDATE seen SET identity = lower(identity{ascii});
UPDATE nonces SET identity = lower(identity{ascii});
UPDATE underway SET identity = lower(identity{ascii});
UPDATE submissions SET identity = lower(identity{ascii});
