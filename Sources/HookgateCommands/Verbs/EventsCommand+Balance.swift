import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

extension EventsCommand {
    struct Balance: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Draw up every gateway's account: what it accepted against where that is now.",
            discussion: """
                What a gateway brought to the inbox is counted from the positions of its spool, what is there from the \
                events: the two are written apart, so that one event that vanishes from either shows. Exit code 3 when \
                an account does not add up.

                Example:
                  hookgate events balance
                """
        )

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            try await Database.use(try global.configuration()) { database in
                let accounts = try await PostgresBalanceEvidence(pool: database.pool).balance()
                try BalancePrinter(isJSON: global.json).print(accounts)
                return accounts.allSatisfy { $0.difference == 0 } ? .done : .attention
            }
        }
    }
}
