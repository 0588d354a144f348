import ArgumentParser
import HookgateCommands

@main
struct Hookgate {
    static func main() async {
        HookgateCommand.prepareProcess()
        await HookgateCommand.runProcess(HookgateCommand.translated(Array(CommandLine.arguments.dropFirst())))
    }
}
