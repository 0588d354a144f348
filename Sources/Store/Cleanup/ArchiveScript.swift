import HookgateCore
import PostgresClient

/// The transactions that move legacy tables away and back, as text: what a dry run prints is what is run.
///
/// Names of tables are ours, and an archive's name has letters, digits and underscores alone, so both stand in the text
/// as they are.
struct ArchiveScript {
    /// One table, and what it is: a legacy "table" may be a view.
    struct Relation: Sendable, Equatable {
        let source: LegacySource
        /// `pg_class.relkind`.
        let kind: String

        /// What DROP calls it.
        var dropWord: String {
            switch kind {
            case "v": "VIEW"
            case "m": "MATERIALIZED VIEW"
            case "f": "FOREIGN TABLE"
            default: "TABLE"
            }
        }

        /// Whether it is locked beforehand: LOCK TABLE on a view would lock the tables below it.
        var isLockable: Bool { kind == "r" || kind == "p" }
    }

    let archive: ArchiveName
    let relations: [Relation]

    /// In which everything that is written down about a table reads the same wherever the table is.
    static func settings(lockTimeout: Duration) -> String {
        let (seconds, attoseconds) = lockTimeout.components
        return """
            SET LOCAL lock_timeout = \(max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000));
            SET LOCAL search_path = pg_catalog, pg_temp;
            SET LOCAL TIME ZONE 'UTC';
            SET LOCAL row_security = off;
            SET LOCAL max_parallel_workers_per_gather = 0;
            SET LOCAL jit = off
            """
    }

    // MARK: Away

    /// Each under the lock of those before it: nobody writes between the description and the move.
    func archiving(namesQuery: String?) -> [ArchiveStatement] {
        [locking { $0.source.rawValue }].compactMap(\.self) + [
            ArchiveStatement("CREATE SCHEMA \(archive)"),
            ArchiveStatement("REVOKE ALL ON SCHEMA \(archive) FROM PUBLIC"),
            ArchiveStatement(Self.closing(archive)),
            ArchiveStatement(
                """
                INSERT INTO hookgate.archives (name, state, archived_at, archived_by)
                VALUES ('\(archive)', 'archived', $1, $2)
                """, note: "$1 is the time, $2 who does it"),
        ] + relations.map(description) + [names(namesQuery)].compactMap(\.self)
            + relations.map { ArchiveStatement("ALTER TABLE \($0.source.rawValue) SET SCHEMA \(archive)") }
    }

    private func description(of relation: Relation) -> ArchiveStatement {
        let table = relation.source.rawValue
        return ArchiveStatement(
            """
            INSERT INTO hookgate.archived_tables (archive, table_name, row_count, row_digest, definition)
            SELECT '\(archive)', '\(table)', row_count, row_digest, hookgate.table_definition('\(table)')
            FROM hookgate.table_content('\(table)')
            """)
    }

    private func names(_ query: String?) -> ArchiveStatement? {
        guard let query else { return nil }
        return ArchiveStatement(
            """
            INSERT INTO hookgate.archived_names (instance_name, archive)
            SELECT DISTINCT name, '\(archive)' FROM (
            \(query)
            ) AS named WHERE octet_length(name) <= \(BodyScanner.longestInstance)
            """)
    }

    /// A default privilege may open every new schema to roles of PostgREST.
    private static func closing(_ archive: ArchiveName) -> String {
        """
        DO $$ DECLARE role text; BEGIN
            FOREACH role IN ARRAY ARRAY['anon', 'authenticated'] LOOP
                CONTINUE WHEN to_regrole(role) IS NULL;
                EXECUTE format('REVOKE ALL ON SCHEMA \(archive) FROM %I', role);
            END LOOP;
        END $$
        """
    }

    // MARK: Back

    /// The moving itself; what is compared afterwards is ``comparing``.
    var restoring: [ArchiveStatement] {
        [locking { "\(archive).\($0.source.table)" }].compactMap(\.self)
            + relations.map {
                ArchiveStatement("ALTER TABLE \(archive).\($0.source.table) SET SCHEMA \($0.source.schema)")
            }
    }

    /// What differs from what was moved away: nothing, or the transaction is taken back.
    var comparing: ArchiveStatement {
        ArchiveStatement(
            """
            SELECT t.table_name, t.row_count, now.row_count AS rows_now, t.row_digest = now.row_digest AS same_rows,
                ARRAY(SELECT key FROM jsonb_each(t.definition) AS was
                      WHERE was.value IS DISTINCT FROM hookgate.table_definition(t.table_name::regclass)->was.key
                      ORDER BY key) AS changed
            FROM hookgate.archived_tables AS t, hookgate.table_content(t.table_name::regclass) AS now
            WHERE t.archive = '\(archive)' ORDER BY t.table_name
            """, note: "every table must have the same rows, and nothing of its definition may have changed")
    }

    var restored: [ArchiveStatement] {
        [
            ArchiveStatement("DELETE FROM hookgate.archived_names WHERE archive = '\(archive)'"),
            ArchiveStatement("DROP SCHEMA \(archive)"),
            ending("restored"),
        ]
    }

    // MARK: For good

    /// Nothing is dropped along: what depends on a table keeps it.
    var purging: [ArchiveStatement] {
        // What reads from others goes before them, and tables that reference each other go together.
        let drops = ["VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "TABLE"].compactMap { word -> ArchiveStatement? in
            let names = relations.filter { $0.dropWord == word }.map { "\(archive).\($0.source.table)" }
            return names.isEmpty ? nil : ArchiveStatement("DROP \(word) \(names.joined(separator: ", "))")
        }
        return drops + [ArchiveStatement("DROP SCHEMA \(archive)"), ending("purged")]
    }

    private func ending(_ state: String) -> ArchiveStatement {
        ArchiveStatement(
            """
            UPDATE hookgate.archives SET state = '\(state)', ended_at = $1, ended_by = $2 WHERE name = '\(archive)'
            """, note: "$1 is the time, $2 who does it")
    }

    private func locking(_ name: (Relation) -> String) -> ArchiveStatement? {
        let tables = relations.filter(\.isLockable).map(name)
        guard !tables.isEmpty else { return nil }
        return ArchiveStatement("LOCK TABLE \(tables.joined(separator: ", ")) IN ACCESS EXCLUSIVE MODE")
    }
}
