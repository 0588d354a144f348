import Crypto
package import FoundationEssentials

/// What, beside the address, proves that a webhook comes from its integration's own Evolution server.
///
/// It stands in the routing entry, so that judging a webhook asks nobody. A class without a part that changes, so that
/// the many integrations that have none pay for a pointer alone.
package final class SecondFactor: Sendable {
    /// Nil where the installation's mode applies.
    package let mode: SecondFactorMode?
    package let secrets: FactorSecrets
    /// What counted before the last change: events that Evolution had captured until then still carry it.
    package let retired: Retired?

    /// Secrets that count until a given end.
    package struct Retired: Sendable, Equatable {
        package let secrets: FactorSecrets
        package let end: Date

        package init(secrets: FactorSecrets, end: Date) {
            self.secrets = secrets
            self.end = end
        }
    }

    package init(mode: SecondFactorMode?, secrets: FactorSecrets = FactorSecrets(), retired: Retired? = nil) {
        self.mode = mode
        self.secrets = secrets
        self.retired = retired
    }
}

extension SecondFactor: Equatable {
    package static func == (left: SecondFactor, right: SecondFactor) -> Bool {
        left === right
            || (left.mode, left.secrets) == (right.mode, right.secrets) && left.retired == right.retired
    }
}

/// What follows from a second factor that is not there.
package enum SecondFactorMode: String, Sendable, CaseIterable {
    /// Nothing, and nobody looks.
    case off
    /// It is counted.
    case observe
    /// The event is stored and held for a person. It is never refused: Evolution would drop it for good.
    case enforce
}

/// What a webhook must bring along: all of these that are there.
package struct FactorSecrets: Sendable, Equatable {
    package let header: SecretHeader?
    package let jwtKey: EvolutionJWTKey?

    package init(header: SecretHeader? = nil, jwtKey: EvolutionJWTKey? = nil) {
        self.header = header
        self.jwtKey = jwtKey
    }

    package var isEmpty: Bool { header == nil && jwtKey == nil }
}

extension FactorSecrets {
    /// Tells secrets apart, and tells nothing of them.
    package var fingerprint: String {
        let parts = [
            header.map { $0.name.text.lowercased() + " " + Hexadecimal.encode($0.digest) } ?? "",
            jwtKey.map { Hexadecimal.encode(SHA256.hash(data: Array($0.secretText.utf8))) } ?? "",
        ]
        return Hexadecimal.encode(SHA256.hash(data: Array(parts.joined(separator: "\n").utf8)))
    }
}
