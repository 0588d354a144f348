// swift-tools-version: 6.2
import PackageDescription

// Arrows between the modules are a promise: docs/modules.md says what each may import, and
// `make check` compares that page with this manifest.

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "hookgate",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "hookgate", targets: ["hookgate"]),
        .executable(name: "hookgate-evolution-sim", targets: ["hookgate-evolution-sim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CProcessor"),
        .target(name: "HookgateCore", dependencies: [crypto]),
        .target(name: "PostgresClient", dependencies: ["CPostgres", subprocess]),
        .target(name: "RedisClient", dependencies: [nioCore, nioPosix, nioSSL]),
        .target(
            name: "Store",
            dependencies: ["CProcessor", "HookgateCore", "PostgresClient", "RedisClient", crypto, logging],
            resources: [.embedInCode("Schema/SQL")]
        ),
        .target(name: "Gateway", dependencies: ["HookgateCore", logging, nioCore, nioPosix, nioHTTP1]),
        .target(name: "Delivery", dependencies: ["HookgateCore", logging]),
        .target(name: "EvolutionAPI", dependencies: ["HookgateCore"]),
        .target(
            name: "Senders",
            dependencies: ["HookgateCore", "RedisClient", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL]
        ),
        .target(
            name: "EvolutionClient",
            dependencies: ["HookgateCore", "EvolutionAPI", asyncHTTPClient, nioCore, nioHTTP1, nioPosix]
        ),
        .target(name: "Migration", dependencies: ["HookgateCore"]),
        .target(name: "Fleet", dependencies: ["HookgateCore"]),
        .target(name: "Console", dependencies: ["HookgateCore", crypto], resources: [.embedInCode("Resources")]),
        .target(
            name: "HookgateCommands",
            dependencies: [
                "CProcessor", "EvolutionAPI", "EvolutionClient", "EvolutionSimulator", "HookgateCore", "PostgresClient",
                "RedisClient",
                "Store", "Gateway", "Delivery", "Migration", "Fleet", "Console", "Senders", argumentParser,
                asyncHTTPClient, logging, nioCore,
                nioHTTP1,
                nioPosix, serviceLifecycle, subprocess, system, unixSignals, yams,
            ],
            resources: [.embedInCode("Demo/Resources")]
        ),
        .executableTarget(name: "hookgate", dependencies: ["HookgateCommands", argumentParser]),
        .target(name: "EvolutionSimulator", dependencies: [asyncHTTPClient, crypto, nioCore, nioHTTP1, nioPosix]),
        .executableTarget(name: "hookgate-evolution-sim", dependencies: ["EvolutionSimulator", argumentParser]),
        .target(
            name: "HookgateTestSupport",
            dependencies: ["HookgateCore", "PostgresClient", "Store", subprocess],
            path: "Sources/HookgateTestSupport"
        ),
        .testTarget(
            name: "HookgateCoreTests",
            dependencies: ["HookgateCore", "HookgateTestSupport"]
        ),
        .testTarget(
            name: "EvolutionAPITests", dependencies: ["EvolutionAPI", "HookgateCore", "HookgateTestSupport", crypto]),
        .testTarget(
            name: "EvolutionClientTests",
            dependencies: [
                "EvolutionAPI", "EvolutionClient", "EvolutionSimulator", "HookgateCore", "HookgateTestSupport",
            ]
        ),
        .testTarget(
            name: "EvolutionSimulatorTests",
            dependencies: ["EvolutionSimulator", "HookgateTestSupport", asyncHTTPClient, crypto, nioCore, nioHTTP1]
        ),
        .testTarget(name: "PostgresClientTests", dependencies: ["PostgresClient", "HookgateTestSupport", subprocess]),
        .testTarget(
            name: "RedisClientTests",
            dependencies: ["RedisClient", "HookgateTestSupport", nioCore, nioPosix, subprocess]
        ),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Fleet", "HookgateCore", "PostgresClient", "RedisClient", "Store", "HookgateTestSupport", logging,
            ]
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "HookgateCore", "HookgateTestSupport", "PostgresClient", "Store", logging, nioCore, nioPosix,
                nioHTTP1, nioEmbedded,
            ]
        ),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "Delivery", "HookgateCore", "HookgateTestSupport", "PostgresClient", "Store", logging,
            ]
        ),
        .testTarget(
            name: "SendersTests",
            dependencies: [
                "EvolutionAPI", "HookgateCore", "HookgateTestSupport", "RedisClient", "Senders", nioCore, nioPosix,
                nioSSL, subprocess,
            ]
        ),
        .testTarget(
            name: "MigrationTests",
            dependencies: [
                "EvolutionClient", "EvolutionSimulator", "Fleet", "HookgateCore", "Migration", "PostgresClient",
                "Store",
                "HookgateTestSupport",
            ]
        ),
        .testTarget(
            name: "FleetTests",
            dependencies: [
                "EvolutionClient", "EvolutionSimulator", "Fleet", "HookgateCore", "PostgresClient", "Store",
                "HookgateTestSupport",
            ]
        ),
        .testTarget(name: "ConsoleTests", dependencies: ["Console", "HookgateCore", "HookgateTestSupport"]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Console", "EvolutionSimulator", "HookgateCommands", "HookgateCore", "HookgateTestSupport",
                "PostgresClient",
                "hookgate", argumentParser, asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioPosix, subprocess,
                system,
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
        .treatWarning("DeprecatedDeclaration", as: .warning),
    ]
}
