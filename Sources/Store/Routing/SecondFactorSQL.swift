import FoundationEssentials
import HookgateCore
import PostgresClient

/// How the routing statements read `hookgate.second_factors` along with an integration: as one text, so that a row
/// without any is one NULL wider.
enum SecondFactorSQL {
    static let join = "LEFT JOIN hookgate.second_factors f ON f.integration_id = i.id"

    private static let separator: Character = "\u{1F}"
    private static let words = 8

    /// Eight words in the order in which ``secondFactor(_:)`` takes them; none of them can hold the separator.
    static let column = """
        CASE WHEN f.integration_id IS NOT NULL THEN array_to_string(ARRAY[
            f.mode, f.header_name, encode(f.header_digest, 'hex'), encode(convert_to(f.jwt_key, 'UTF8'), 'hex'),
            f.retired_header_name, encode(f.retired_header_digest, 'hex'),
            encode(convert_to(f.retired_jwt_key, 'UTF8'), 'hex'), extract(epoch FROM f.retired_until)::text], chr(31), '') END
        """

    /// The second factor in a row; nil where the integration has none.
    static func secondFactor(_ row: PostgresRow) throws(PostgresError) -> SecondFactor? {
        guard let text = try row.decode("second_factor", as: String?.self) else { return nil }
        let words = text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
        // The statement above writes them all.
        guard words.count == Self.words else { return nil }
        return SecondFactor(
            mode: SecondFactorMode(rawValue: words[0]), secrets: secrets(words[1...3]),
            retired: TimeInterval(words[7]).map { end in
                SecondFactor.Retired(secrets: secrets(words[4...6]), end: Date(timeIntervalSince1970: end))
            })
    }

    private static func secrets(_ words: ArraySlice<String>) -> FactorSecrets {
        let words = Array(words)
        let header = SecretHeaderName(words[0]).flatMap { name in
            Hexadecimal.decode(words[1]).flatMap { SecretHeader(name: name, digest: $0) }
        }
        let key = Hexadecimal.decode(words[2]).flatMap { EvolutionJWTKey(String(decoding: $0, as: UTF8.self)) }
        return FactorSecrets(header: header, jwtKey: key)
    }
}
