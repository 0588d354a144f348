import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

/// A config that is taken apart here has the members that PostgreSQL finds in it.
@Suite(.timeLimit(.minutes(1))) struct ConfigTextTests {
    private static let configs = [
        "{}", #"{"a": 1}"#, #"{"a": "x, y}", "b": ["]", {"c": "{"}], "d": {"e": {"f": []}}, "g": {}}"#,
        #"{"quote\"and\\back": "quote\"and\\back", "line\nbreak\t": "\u0001\b\f\r", "é\u00e9🙂": "🙂", "": ""}"#,
        #"{"number": -1.50e+10, "big": 123456789012345678901234567890.123, "yes": true, "no": false, "none": null}"#,
        #"{"comma,": ",", "colon:": ":", "brace}": "}", "long key that sorts late": 0, "b": [1, 2, {"x": null}]}"#,
    ]

    @Test(arguments: configs)
    func membersAreThoseThatPostgreSQLFinds(config: String) async throws {
        try await withDatabase { database in
            let row = try #require(
                try await database.pool.query(
                    """
                    SELECT c::text AS config, ARRAY(SELECT key FROM jsonb_each(c)) AS keys,
                        ARRAY(SELECT value::text FROM jsonb_each(c)) AS values,
                        ARRAY(SELECT value FROM jsonb_each_text(c)) AS texts,
                        ARRAY(SELECT jsonb_typeof(value) = 'string' FROM jsonb_each(c)) AS are_strings
                    FROM (SELECT $1::jsonb AS c) t
                    """, [config]
                ).first)
            let keys: [String] = try row.decode("keys")
            let members = try #require(ConfigMembers(jsonText: try row.decode("config")))
            #expect(members == ConfigMembers(keys: keys, values: try row.decode("values")))
            let texts: [String?] = try row.decode("texts")
            let areStrings: [Bool] = try row.decode("are_strings")
            for (index, key) in keys.enumerated() {
                let member = try #require(members.members.first { $0.key.isSameText(as: key) })
                #expect(member.string == (areStrings[index] ? texts[index] : nil))
            }
        }
    }

    @Test(arguments: ["", "null", "[]", #""text""#, "1", "{", #"{"a""#, #"{"a": "#, #"{"a": [}"#, #"{"a": "b"#])
    func whatIsNoObjectHasNoMembers(text: String) {
        #expect(ConfigMembers(jsonText: text) == nil)
    }
}
