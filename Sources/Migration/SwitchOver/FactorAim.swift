import FoundationEssentials
import HookgateCore

/// What a switch-over is to do about its integration's second factor. Decided before it begins.
struct FactorAim: Sendable {
    /// What counts for the integration now.
    var current: SecondFactor?
    /// What must come along, if it does not yet: a header of this name, a token signed with a key.
    var header: SecretHeaderName?
    var wantsJWT = false

    /// The headers of these settings that bring what counts now.
    func carried(by settings: EvolutionWebhookSettings) -> [EvolutionMember] {
        settings.headers.filter { brings($0, .header) || brings($0, .jwt) }
    }

    func isMet(by settings: EvolutionWebhookSettings) -> Bool {
        let hasHeader = header == nil || settings.headers.contains { brings($0, .header) }
        return hasHeader && (!wantsJWT || settings.headers.contains { brings($0, .jwt) })
    }

    private enum Part {
        case header
        case jwt
    }

    private func brings(_ member: EvolutionMember, _ part: Part) -> Bool {
        guard let secrets = current?.secrets,
            let value = try? JSONDecoder().decode(String.self, from: Data(member.json.utf8))
        else { return false }
        switch part {
        case .header:
            guard let own = secrets.header, member.hasName(own.name.text) else { return false }
            return SecretHeader(name: own.name, value: value) == own
        case .jwt: return member.name == MintedSecrets.jwtHeader && secrets.jwtKey == EvolutionJWTKey(value)
        }
    }
}

extension EvolutionMember {
    /// Whether it is the header of this name, whose case does not matter.
    func hasName(_ name: String) -> Bool { self.name.lowercased() == name.lowercased() }
}

extension [EvolutionMember] {
    /// These, and the others' of other names before them.
    func overlaid(on others: [EvolutionMember]) -> [EvolutionMember] {
        others.filter { other in !contains { $0.hasName(other.name) } } + self
    }
}

extension EvolutionWebhookSettings {
    /// The same settings with these headers, in place of any of their names.
    func bringing(_ members: [EvolutionMember]) -> EvolutionWebhookSettings {
        guard !members.isEmpty else { return self }
        var settings = self
        settings.headers = members.overlaid(on: headers)
        return settings
    }
}
