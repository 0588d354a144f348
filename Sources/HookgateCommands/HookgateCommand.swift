package import ArgumentParser

/// `hookgate`: the verbs, each in a file of its own.
package struct HookgateCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(commandName: "hookgate")

    package init() {}
}
