package import FoundationEssentials

/// Shows and changes the second factor of integrations: for the command line, and for a switch-over that brings new
/// secrets to Evolution. Deciding and writing are apart, so that a person is asked in between, or Evolution is told first.
///
/// ```swift
/// var request = SecondFactorRequest()
/// request.header = .standard
/// let plan = try await factors.plan(request, for: "clinic-abc123", at: now, random: random)
/// // … merge plan.minted.evolutionHeaders into the `headers` of the instance's webhook settings
/// try await factors.carryOut(plan, actor: actor, at: now)
/// ```
/// What counted before goes on counting for a grace time, so it does not matter which of the two comes first, nor that
/// Evolution retries events that it captured earlier.
package protocol SecondFactorUseCases: Sendable {
    /// What an integration has now. The subject is an instance's exact name or an integration's id.
    func current(of subject: String) async throws -> RoutingEntry

    /// Decides on a change.
    /// - Parameter random: ``MintedSecrets/randomByteCount`` bytes for new secrets.
    func plan(
        _ request: SecondFactorRequest, for subject: String, at now: Date, random: [UInt8]
    ) async throws -> SecondFactorPlan

    /// Writes what was decided, unless somebody else has changed it meanwhile.
    func carryOut(_ plan: SecondFactorPlan, actor: String, at now: Date) async throws
}

/// What is asked for.
package struct SecondFactorRequest: Sendable, Equatable {
    /// How long the secrets before go on unless somebody says otherwise: as long as Evolution retries.
    package static let standardGrace = Duration.seconds(Int64(EvolutionJWTKey.retryWindow))

    package enum ModeChange: Sendable, Equatable {
        case keep
        /// Nil for the installation's.
        case set(SecondFactorMode?)
    }

    package var mode = ModeChange.keep
    /// Makes a new secret header of this name.
    package var header: SecretHeaderName?
    /// Makes a new key for Evolution's bearer tokens.
    package var mintsJWTKey = false
    /// Takes everything away first: secrets, mode, and what is in its grace.
    package var clears = false
    package var grace = Self.standardGrace

    package init() {}
}

/// A change of one integration's second factor, and the secrets in clear that it makes.
package struct SecondFactorPlan: Sendable {
    package let entry: RoutingEntry
    package let change: SecondFactorChange
    package let minted: MintedSecrets

    package init(entry: RoutingEntry, change: SecondFactorChange, minted: MintedSecrets) {
        self.entry = entry
        self.change = change
        self.minted = minted
    }

    package var changesNothing: Bool { change.expected == change.replacement }
}

/// New secrets in clear. They are told once: of a header's value only a digest is kept. Printing them prints no part.
package struct MintedSecrets: Sendable {
    package static let randomByteCount = 64
    /// What Evolution turns into a signed `Authorization`.
    package static let jwtHeader = "jwt_key"

    package let header: (name: SecretHeaderName, value: String)?
    package let jwtKey: EvolutionJWTKey?

    package init(header: SecretHeaderName?, mintsJWTKey: Bool, random: [UInt8]) {
        precondition(random.count == Self.randomByteCount, "cannot mint secrets from \(random.count) bytes")
        let half = Self.randomByteCount / 2
        self.header = header.map { ($0, Base64URL.encode(random.prefix(half))) }
        self.jwtKey = mintsJWTKey ? EvolutionJWTKey(Base64URL.encode(random.suffix(half))) : nil
    }

    private init() {
        self.header = nil
        self.jwtKey = nil
    }

    /// Of a change that makes none.
    package static let nothing = MintedSecrets()

    package var isEmpty: Bool { header == nil && jwtKey == nil }

    /// What must stand among the `headers` of Evolution's webhook settings, beside what stands there.
    package var evolutionHeaders: [(name: String, value: String)] {
        [header.map { ($0.name.text, $0.value) }, jwtKey.map { (Self.jwtHeader, $0.secretText) }].compactMap { $0 }
    }
}

extension MintedSecrets: CustomStringConvertible, CustomReflectable {
    package var description: String { "***" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a second factor is not changed.
package enum SecondFactorError: Error, Equatable {
    /// Neither an instance's name nor an id; with the names there are.
    case unknown([InstanceName])
    case ambiguousName([IntegrationID])
    /// To enforce or observe what is not there would say nothing of anybody.
    case nothingToCompare(SecondFactorMode)
    case changedMeanwhile
}
