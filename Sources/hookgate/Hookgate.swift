import ArgumentParser
import HookgateCommands

@main
struct Hookgate {
    static func main() async {
        await HookgateCommand.main(HookgateCommand.translated(Array(CommandLine.arguments.dropFirst())))
    }
}
