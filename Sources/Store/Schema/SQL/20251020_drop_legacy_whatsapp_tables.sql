-- Drops nothing. The tables of the old system hold two things that no integration replaces (integrations of other
-- kinds in public.integrations, and patients' conversations in core.whatsapp_conversations), and dropping them
-- cannot be undone. `hookgate cleanup` does this step: it asks for evidence that nothing needs them any more,
-- moves six of the eight into an archive, and can move them back.
DO $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'HG001',
        MESSAGE = 'the legacy WhatsApp tables are not dropped by a file; nothing was changed',
        HINT = '`hookgate cleanup plan` shows what is in the way; `hookgate cleanup run` can be undone.';
END
$$;
