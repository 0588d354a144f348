// swift-tools-version: 6.2
import PackageDescription

// The product's parts that read bytes of strangers, built once more with libFuzzer's instrumentation. A package of its
// own, so that the product's build knows nothing of it. Its sources are links to those of the product and its tests:
// what `package` and `@testable` show ends at a package's border. Built and run by scripts/fuzz.

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "hookgate-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CFuzzer"),
        .target(name: "CProcessor"),
        .target(name: "HookgateCore", dependencies: [crypto]),
        .target(name: "EvolutionAPI", dependencies: ["HookgateCore"]),
        .target(name: "Gateway", dependencies: ["HookgateCore", logging, nioCore, nioPosix, nioHTTP1]),
        .target(name: "RedisClient", dependencies: [nioCore]),
        .target(name: "Store", dependencies: ["CProcessor", "HookgateCore", crypto]),
        .target(name: "HookgateTestSupport", dependencies: ["HookgateCore"]),
        .executableTarget(
            name: "hookgate-fuzz",
            dependencies: [
                "CFuzzer", "EvolutionAPI", "Gateway", "HookgateCore", "HookgateTestSupport", "RedisClient", "Store",
                logging, nioCore, nioEmbedded, nioHTTP1,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// As in the product's manifest, and: every branch counted, and fast in spite of the debug build that `@testable` needs.
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .unsafeFlags(["-O", "-sanitize=fuzzer"]),
    ]
}
