-- A function keeps the plans of its statements for as long as its connection lives. One that was made while hardly anything
-- waited reads whole tables, and would go on to when a hundred thousand chats wait: each event that is done with would
-- cost more the longer the queue is. Every row that this function touches is found by its key.
ALTER FUNCTION hookgate.unqueue_events(uuid[], timestamptz[], bigint[])
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off;
