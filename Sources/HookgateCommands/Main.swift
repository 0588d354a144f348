import ArgumentParser
import AsyncHTTPClient
import Crypto
import Logging
import NIOPosix
import ServiceLifecycle
import Subprocess
import Yams

package struct HookgateCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(commandName: "hookgate")
    package init() {}
    package func run() async throws { print(PackageResources.a_b_json.count) }
}
