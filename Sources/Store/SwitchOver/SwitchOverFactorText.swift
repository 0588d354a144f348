import FoundationEssentials
import HookgateCore

/// What a switch-over changes of a second factor, as the journal keeps it.
enum SwitchOverFactorText {
    private struct Image: Codable {
        struct Factor: Codable {
            let mode: String?
            let headerName: String?
            let headerDigest: String?
            let jwtKey: String?
        }

        let before: Factor?
        let made: [String]
    }

    static func encode(_ factor: SwitchOverFactor) throws -> String {
        let before = factor.before.map { before in
            Image.Factor(
                mode: before.mode?.rawValue, headerName: before.secrets.header?.name.text,
                headerDigest: before.secrets.header.map { Hexadecimal.encode($0.digest) },
                jwtKey: before.secrets.jwtKey?.secretText)
        }
        return String(decoding: try JSONEncoder().encode(Image(before: before, made: factor.made)), as: UTF8.self)
    }

    static func decode(_ text: String) throws -> SwitchOverFactor {
        let image = try JSONDecoder().decode(Image.self, from: Data(text.utf8))
        return SwitchOverFactor(before: try image.before.map(factor), made: image.made)
    }

    private static func factor(_ image: Image.Factor) throws -> SecondFactor {
        let header = try image.headerName.map { name in
            guard let name = SecretHeaderName(name),
                let digest = image.headerDigest.flatMap({ Hexadecimal.decode($0) }),
                let header = SecretHeader(name: name, digest: digest)
            else { throw SwitchOverJournalError.unreadableFactor }
            return header
        }
        let mode = try image.mode.map { word in
            guard let mode = SecondFactorMode(rawValue: word) else { throw SwitchOverJournalError.unreadableFactor }
            return mode
        }
        return SecondFactor(
            mode: mode,
            secrets: FactorSecrets(header: header, jwtKey: image.jwtKey.flatMap { EvolutionJWTKey($0) }))
    }
}
