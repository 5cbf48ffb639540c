-- Functions that every schema may use. The same folding as text_fold_tr() in common/base/text.c, with the
-- same test vectors: default lower-casing is wrong for Turkish, and no collation makes ı equal i.
CREATE SCHEMA IF NOT EXISTS kopru;
GRANT USAGE ON SCHEMA kopru TO intake, router, notifier, reporting;

CREATE FUNCTION kopru.fold_tr(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
	SELECT translate(lower(normalize(p_text, NFC) COLLATE "tr-x-icu"), 'çğıöşüâîûêô', 'cgiosuaiueo')
$$;
