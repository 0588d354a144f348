import FoundationEssentials
import HookgateCore

/// What page and API do alike with the second factor of one integration.
enum SecondFactorDeeds {
    static let graceMinutes = 0...129_600

    /// What it has now.
    static func current(_ visit: Visit) async throws -> RoutingEntry {
        let id = try await TokenDeeds.record(visit).id
        return try await Self.own(id) { try await TokenDeeds.parts(visit).secondFactors.current(of: id.text) }
    }

    /// What would change. Nothing is written.
    static func plan(_ visit: Visit, _ request: SecondFactorRequest) async throws -> SecondFactorPlan {
        let id = try await TokenDeeds.record(visit).id
        let random = SystemRandom.bytes(MintedSecrets.randomByteCount)
        let factors = try TokenDeeds.parts(visit).secondFactors
        do {
            let plan = try await factors.plan(request, for: id.text, at: visit.now, random: random)
            guard plan.entry.integrationID == id else { throw TokenDeeds.missing }
            return plan
        } catch let error as SecondFactorError {
            throw Self.refusal(error)
        }
    }

    /// Writes it, and says what was made: the only time that anybody is told.
    /// - Parameter expected: ``mark(_:)`` of what stood there when somebody decided; nil where nobody said.
    static func change(
        _ visit: Visit, _ request: SecondFactorRequest, expected: String?
    ) async throws -> SecondFactorPlan {
        let plan = try await Self.plan(visit, request)
        guard expected == nil || expected == Self.mark(plan.entry.secondFactor) else {
            throw Self.refusal(.changedMeanwhile)
        }
        guard !plan.changesNothing else { return plan }
        do {
            try await TokenDeeds.parts(visit).secondFactors.carryOut(plan, actor: visit.actor, at: visit.now)
        } catch let error as SecondFactorError {
            throw Self.refusal(error)
        }
        return plan
    }

    /// Tells one second factor from another, and tells nothing of it.
    static func mark(_ factor: SecondFactor?) -> String {
        guard let factor else { return "none" }
        return "\(factor.mode?.rawValue ?? "default") \(factor.secrets.fingerprint.prefix(16))"
    }

    /// An instance may be called like another's id: what is found by an id is held against it.
    private static func own(_ id: IntegrationID, _ find: () async throws -> RoutingEntry) async throws -> RoutingEntry {
        do {
            let entry = try await find()
            guard entry.integrationID == id else { throw TokenDeeds.missing }
            return entry
        } catch let error as SecondFactorError {
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ error: SecondFactorError) -> ConsoleError {
        switch error {
        case .unknown, .ambiguousName: TokenDeeds.missing
        case .nothingToCompare(let mode):
            .unprocessable(
                "'\(mode.rawValue)' needs something to compare with, and there is neither a secret header nor a jwt_key. "
                    + "Make one with it.")
        case .changedMeanwhile:
            .conflict("Somebody else has changed this second factor meanwhile. Nothing was written; look again.")
        }
    }
}

/// What somebody wants of a second factor, as page and API read it.
enum SecondFactorWish {
    static let modes = SecondFactorMode.allCases.map(\.rawValue) + ["default"]

    /// - Parameters:
    ///   - mode: a word of ``modes``; nil leaves it.
    ///   - headerName: of a new secret header; nil makes none.
    static func request(
        mode: String?, headerName: String?, mintsJWTKey: Bool, clears: Bool, graceMinutes: Int?
    ) throws(ConsoleError) -> SecondFactorRequest {
        var request = SecondFactorRequest()
        if let mode {
            guard Self.modes.contains(mode) else {
                throw .badRequest("mode is \(Self.modes.joined(separator: ", ")), or nothing.")
            }
            request.mode = .set(SecondFactorMode(rawValue: mode))
        }
        if let headerName {
            guard let name = SecretHeaderName(headerName) else {
                throw .badRequest(
                    "header_name cannot be a secret header's name: up to \(SecretHeaderName.longest) letters, digits and "
                        + "hyphens, and none that already means something, as \(SecretHeaderName.standard.text).")
            }
            request.header = name
        }
        request.mintsJWTKey = mintsJWTKey
        request.clears = clears
        if let graceMinutes {
            guard SecondFactorDeeds.graceMinutes.contains(graceMinutes) else {
                throw .badRequest("grace_minutes is up to 90 days.")
            }
            request.grace = .seconds(graceMinutes * 60)
        }
        return request
    }
}
