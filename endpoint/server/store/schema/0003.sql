-- Nobody may be told yet that these messages never came; others of the same
-- identity may: strangers can claim to bring messages of anybody.
ALTER TABLE underway ADD COLUMN message_ids TEXT NOT NULL DEFAULT ''; -- one on each line
