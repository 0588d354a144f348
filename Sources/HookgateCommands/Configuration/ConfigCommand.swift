package import ArgumentParser

/// `hookgate config`: what applies, and where each value came from.
package struct ConfigCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show every setting that applies and where it came from, secrets masked.",
        discussion: """
            Flags win over the environment, the environment over the file, the file over the default.

            Example: hookgate config --config hookgate.yaml --json
            """)

    @OptionGroup(title: "Settings")
    package var options: GlobalOptions

    @Flag(help: "Print the table of all settings in Markdown instead, as in docs/configuration.md.")
    package var reference = false

    package init() {}

    package func run() throws {
        if reference {
            print(SettingReference.markdown)
            return
        }
        let report = ConfigurationReport(try options.configuration())
        print(options.json ? try report.json() : report.text)
    }
}
