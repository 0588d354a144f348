import ArgumentParser

/// `hookgate integrations`: the life of one integration.
struct IntegrationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "integrations",
        abstract: "Show and change what belongs to one integration.",
        discussion: """
            Example:
              hookgate integrations second-factor clinic-abc123
            """,
        subcommands: [SecondFactorVerb.self]
    )
}
