enum HookgateTestSupportModule {}
