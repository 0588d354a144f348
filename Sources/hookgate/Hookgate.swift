import ArgumentParser
import HookgateCommands

@main
struct Main {
    static func main() async {
        await HookgateCommand.main()
    }
}
